"""What people call the columns of a customers' list, in English, Turkish and Russian."""

from __future__ import annotations

import re

from gateway.kernel.text_folding import fold
from gateway.parties.import_rows import ImportField


def _keys(text: str) -> frozenset[str]:
    return frozenset(
        " ".join(re.sub(r"[\W_]+", " ", fold(part)).split()) for part in text.split(",")
    )


_SURE = {
    ImportField.NAME: """company, company name, customer, customer name, client, client name,
        organization, organisation, organization name, account, account name, firm, business name,
        firma, firma adı, firma ismi, firma unvanı, cari, cari adı, cari unvanı, cari hesap adı,
        cari hesap unvanı, müşteri, müşteri adı, müşteri unvanı, şirket, şirket adı, kurum,
        kurum adı, kuruluş, ticari unvan, ticari ünvan,
        компания, название компании, организация, название организации, наименование,
        наименование контрагента, наименование организации, полное наименование, контрагент,
        клиент, наименование клиента, покупатель, фирма, название фирмы""",
    ImportField.KIND: """kind, type, customer type, account type, tip, tipi, tür, türü,
        müşteri tipi, cari tipi, вид, тип, вид контрагента, тип контрагента, тип клиента""",
    ImportField.CODE: """code, id, customer code, customer no, customer number, customer id,
        account code, account number, external ref, external id, kod, kodu, cari kod, cari kodu,
        cari hesap kodu, müşteri kodu, müşteri no, müşteri numarası, hesap kodu,
        код, код клиента, код контрагента, номер клиента""",
    ImportField.TAX_NUMBER: """tax number, tax no, tax id, vat, vat no, vat number, vat id,
        vergi no, vergi numarası, vergi kimlik no, vergi kimlik numarası, vkn, vkn tckn, tckn,
        tc kimlik no, инн""",
    ImportField.PERSON: """person, contact, contact person, contact name, full name, first name,
        last name, middle name, given name, family name, surname,
        ad soyad, adı soyadı, ad soyadı, isim soyisim, soyad, soyadı, soyisim, yetkili,
        yetkili kişi, yetkili adı, ilgili, ilgili kişi, irtibat, irtibat kişisi, kişi,
        контакт, контактное лицо, фио, фио контактного лица, ф и о, фамилия, отчество,
        представитель""",
    ImportField.POSITION: """position, job title, title, job, role, görev, görevi, pozisyon,
        pozisyonu, должность""",
    ImportField.MOBILE: """mobile, mobile phone, mobile no, mobile number, cell, cell phone,
        cellphone, gsm, gsm no, cep, cep no, cep tel, cep telefon, cep telefonu, mobil,
        мобильный, мобильный телефон, моб тел, моб телефон, сотовый, сотовый телефон""",
    ImportField.WORK: """work, work phone, work number, business phone, office, office phone,
        iş, iş tel, iş telefonu, ofis, ofis tel, ofis telefonu, рабочий, рабочий телефон,
        раб тел""",
    ImportField.HOME: """home, home phone, home number, ev, ev tel, ev telefonu,
        домашний, домашний телефон, дом тел""",
    ImportField.FAX: """fax, fax no, fax number, business fax, faks, faks no, faks numarası,
        belgegeçer, факс, номер факса""",
    ImportField.PHONE: """phone, phone no, phone number, telephone, tel, tel no, main phone,
        switchboard, telefon, telefonu, telefon no, telefon numarası, sabit tel, sabit telefon,
        santral, телефон, телефоны, тел, номер телефона, номер, городской телефон""",
    ImportField.EMAIL: """email, e mail, mail, email address, e mail address, eposta, e posta,
        e posta adresi, mail adresi, почта, email почта, эл почта, электронная почта,
        адрес электронной почты""",
    ImportField.ADDRESS: """address, street, city, town, district, zip, zip code, postal code,
        postcode, state, country, adres, adresi, açık adres, il, ilçe, şehir, semt, posta kodu,
        ülke, адрес, адреса, юридический адрес, фактический адрес, почтовый адрес, город, улица,
        индекс, страна""",
    ImportField.RESPONSIBLE: """responsible, responsible manager, owner, account owner, manager,
        account manager, salesperson, sales representative, sorumlu, sorumlu kişi,
        sorumlu temsilci, temsilci, müşteri temsilcisi, satış temsilcisi, plasiyer,
        ответственный, ответственный менеджер, менеджер, основной менеджер""",
    ImportField.NOTES: """notes, note, comment, comments, remark, remarks, description,
        not, notlar, açıklama, açıklamalar, комментарий, комментарии, примечание, примечания,
        заметки, описание""",
}
HEADINGS = {key: field for field, text in _SURE.items() for key in _keys(text)}
"""The field of every heading that leaves no doubt."""

GIVEN_NAMES = _keys("ad, adı, isim, name, имя")
FAMILY_NAMES = _keys("last name, family name, surname, soyad, soyadı, soyisim, фамилия")
UNSURE = {
    **dict.fromkeys(
        _keys("name, ad, adı, isim, ismi, имя, название"),
        (ImportField.NAME, ImportField.PERSON),
    ),
    **dict.fromkeys(
        _keys("unvan, unvanı, ünvan, ünvanı"), (ImportField.NAME, ImportField.POSITION)
    ),
}
"""What a heading may mean, the likeliest first; what another column holds it does not mean."""
