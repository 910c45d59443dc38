-- Purchases, a line each: any table with an account, a day and an amount
-- Columns are known by their names in English, German, French, Italian, Spanish and Dutch; --map FIELD=COLUMN says others. Lines that
-- share an order's or an invoice's number are one order. An amount below zero is a refund.
-- column account_id: account_id | Account ID | Account | Customer ID | CustomerID | Customer No | Customer Number | Client ID | Customer | Client | Buyer | Kundennummer | Kunden-Nr | Kundennr | KundenID | Kunde | Auftraggeber | Debitor | N° client | Numéro client | Client n° | Code client | Cliente | Codice cliente | Klantnummer | Klant | Email | E-Mail | Customer Email | Company | Firma | Customer Name
-- column occurred_at: occurred_at | Invoice Date | InvoiceDate | Order Date | OrderDate | Purchase Date | Transaction Date | Date | Day | Created at | Paid at | Timestamp | Rechnungsdatum | Bestelldatum | Belegdatum | Buchungsdatum | Datum | Date de facture | Date facture | Date de commande | Data fattura | Data | Fecha | Fecha de factura | Factuurdatum | Besteldatum
-- column amount: amount | Total Price | TotalPrice | Total Amount | Total | Amount paid | Net Amount | Gross Amount | Invoice Amount | Sum | Price | Value | Sales | Revenue | Betrag | Gesamtbetrag | Rechnungsbetrag | Bruttobetrag | Nettobetrag | Summe | Umsatz | Preis | Montant | Montant TTC | Montant HT | Importo | Totale | Importe | Monto | Bedrag | Totaal
-- column currency?: currency | Currency Code | Währung | Waehrung | Devise | Monnaie | Valuta | Divisa | Moneda
-- column order_id?: order_id | Order ID | Order No | Order Number | Order | Invoice No | InvoiceNo | Invoice Number | Invoice | Receipt | Rechnung | Rechnungsnummer | Rechnungs-Nr | Rechnung Nr | Rechnungsnr | Belegnummer | Bestellnummer | Auftragsnummer | N° facture | Numéro de facture | Facture | N° commande | Fattura | Numero fattura | Factura | Factuurnummer | Factuur
-- column quantity?: quantity | Qty | Units | Menge | Anzahl | Stück | Quantité | Quantità | Cantidad | Aantal
-- column category?: category | Product Category | Kategorie | Warengruppe | Catégorie | Categoria | Categoría | Categorie
-- column due_on?: due_on | Due Date | Due | Fällig | Fällig am | Fälligkeit | Fälligkeitsdatum | Échéance | Date d'échéance | Scadenza | Vencimiento | Vervaldatum
-- column paid_on?: paid_on | Paid Date | Payment Date | Paid | Bezahlt | Bezahlt am | Zahldatum | Zahlungsdatum | Payé le | Date de paiement | Pagato il | Pagado | Betaald | Betaald op
-- column discount_code?: discount_code | Coupon | Coupon Code | Voucher | Gutschein | Code promo
-- column list_price?: list_price | List Price | Listenpreis | Prix catalogue

-- to: purchases
SELECT _line, id_of(account_id) AS account_id, moment(occurred_at) AS occurred_at, money(amount) AS amount,
    currency(currency, amount) AS currency, filled(order_id) AS order_id, number(quantity) AS quantity, filled(category) AS category,
    calendar_day(due_on) AS due_on, calendar_day(paid_on) AS paid_on, filled(discount_code) AS discount_code,
    money(list_price) AS list_price
FROM file;
