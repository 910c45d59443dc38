-- Profiles, a line each: any table of accounts with what they are
-- Columns are known by their names in English, German and French; --map FIELD=COLUMN says others. Without a day a profile counts from
-- the beginning of 1970.
-- column account_id: account_id | Account ID | Account | Customer ID | Customer | Client | Company ID | Company | Kundennummer | Kunde | Firma | Email | E-Mail
-- column since?: occurred_at | Customer Since | Client Since | Created at | Created Date | Since | Date | Kunde seit | Erstellt am | Datum
-- column industry: industry | Sector | Vertical | Branche | Secteur
-- column party?: party | Legal Form | Customer Type | Kundentyp | Kundenart
-- column market?: market | Segment | Markt
-- column manager?: account_manager | Account Manager | Owner | Account Owner | Kundenbetreuer | Betreuer | Responsable
-- column contract_id?: contract_id | Contract ID | Contract No | Contract | Vertrag | Vertragsnummer
-- column contract_kind?: contract_kind | Contract Type | Vertragsart
-- column signed_on?: signed_on | Signed | Contract Start | Vertragsbeginn
-- column ends_on?: ends_on | Contract End | Vertragsende
-- words profiles.party: Person = individual, Private* = individual, Privat* = individual, Company = business, Firma = business, Unternehmen = business
-- words profiles.party: B2B = business, B2C = individual, Public* = institution, Verein = institution, Behörde = institution
-- words profiles.market: B2B = business, B2C = consumer

-- to: profiles
SELECT _line, id_of(account_id) AS account_id, moment(coalesce(since, '1970-01-02')) AS occurred_at, word('profiles.industry', industry) AS industry,
    word('profiles.party', party) AS party, word('profiles.market', market) AS market, filled(manager) AS account_manager,
    CASE WHEN filled(contract_id) IS NOT NULL AND calendar_day(signed_on) IS NOT NULL THEN {
        'id': contract_id, 'kind': coalesce(word('contract.kind', contract_kind), 'engagement'),
        'signed_on': calendar_day(signed_on), 'ends_on': calendar_day(ends_on)
    } END AS contract
FROM file;
