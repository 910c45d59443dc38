-- Salesforce: accounts (a report's or Data Loader's CSV)
-- An account is a profile: its industry, and its owner as the one who keeps it.
-- column account_id: Account ID | AccountId | Id | Account Number
-- column name: Account Name | Name !
-- column industry: Industry !
-- column owner?: Account Owner | OwnerId | Owner
-- column type?: Type | Account Type
-- column since?: Created Date | CreatedDate | Last Modified Date | LastModifiedDate
-- column more: Account Owner | OwnerId | Annual Revenue | AnnualRevenue | Billing City | BillingCity | Account Number !
-- words profiles.industry: Agriculture = other, Apparel = retail, Banking = banking, Biotechnology = healthcare, Chemicals = other
-- words profiles.industry: Communications = telecom, Construction = architecture, Consulting = consulting, Education = other
-- words profiles.industry: Electronics = other, Energy = other, Engineering = consulting, Entertainment = streaming, Finance = financial_advice
-- words profiles.industry: Food & Beverage = grocery, Government = other, Healthcare = healthcare, Hospitality = restaurant
-- words profiles.industry: Insurance = insurance, Machinery = other, Manufacturing = other, Media = marketing_agency, Retail = retail
-- words profiles.industry: Technology = saas, Telecommunications = telecom, Transportation = other, Utilities = other, Legal = law
-- words profiles.industry: Real Estate = real_estate, Shipping = other, Not For Profit = other, Recreation = other, Environmental = other

-- to: profiles
SELECT _line, id_of(account_id) AS account_id, moment(coalesce(since, '1970-01-02')) AS occurred_at, word('profiles.industry', industry) AS industry,
    CASE WHEN type ILIKE '%person%' THEN 'individual' ELSE 'business' END AS party, filled(owner) AS account_manager
FROM file;
