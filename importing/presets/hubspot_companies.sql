-- HubSpot: companies (Contacts > Companies > Export)
-- A company is a profile: its industry, and whether somebody of yours keeps it. HubSpot's words for industries are proposed
-- translations for the commonest; --words industry:FROM=TO says others.
-- column account_id: Record ID | Company ID | Company Domain Name | Company name !
-- column name: Company name | Company Domain Name !
-- column industry?: Industry
-- column owner?: Company owner | Company Owner
-- column type?: Type
-- column since?: Create Date | Last Modified Date
-- column lifecycle: Lifecycle Stage | Company owner | Number of Employees | Industry !
-- words profiles.industry: CONSUMER_GOODS = retail, COMPUTER_SOFTWARE = saas, INFORMATION_TECHNOLOGY_AND_SERVICES = saas, INTERNET = saas
-- words profiles.industry: *BANK* = banking, *FINANCIAL_SERVICES* = financial_advice, *INVEST* = financial_advice, *INSURANCE* = insurance
-- words profiles.industry: *LAW* = law, *LEGAL* = law, *ACCOUNT* = accounting, *CONSULT* = consulting, *ARCHITECT* = architecture
-- words profiles.industry: *MARKETING* = marketing_agency, *REAL_ESTATE* = real_estate, *HEALTH* = healthcare
-- words profiles.industry: *HOSPITAL* = healthcare, *RETAIL* = retail, *RESTAURANT* = restaurant, *TELECOM* = telecom, *SUPERMARKET* = grocery
-- words profiles.industry: *Computer Software* = saas, *Information Technology* = saas, *Software* = saas, * = other

-- to: profiles
SELECT _line, id_of(account_id) AS account_id, moment(coalesce(since, '1970-01-02')) AS occurred_at, word('profiles.industry', industry) AS industry, 'business' AS party,
    filled(owner) AS account_manager
FROM file;
