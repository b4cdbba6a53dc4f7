"""Santral's service: connects a company's CRM with its telephones, text messages and faxes."""
