"""Tables of people and organisations: entities, staff, groups, third parties, contacts."""

import sqlalchemy as sa

from daemon.store.tables.columns import (
    flag,
    id_,
    integer,
    moment,
    owned_by,
    ref,
    table,
    text,
)

entity = table(
    "entity",
    id_(),
    text("code"),
    text("name"),
    flag("active"),
    integer("revision"),
    sa.UniqueConstraint("code"),
)

# Named `staff`, for USER is a reserved word in PostgreSQL that answers with the database role.
staff = table(
    "staff",
    id_(),
    text("name"),
    text("email"),
    text("email_key"),
    text("language"),
    text("timezone"),
    flag("active"),
    integer("revision"),
    sa.UniqueConstraint("email_key"),
)
staff_alias = table(
    "staff_alias",
    owned_by("user_id", "staff"),
    integer("position", key=True),
    text("email"),
    text("key"),
    sa.Index("ix_staff_alias_key", "key"),
)
staff_entity = table("staff_entity", owned_by("user_id", "staff"), owned_by("entity_id", "entity"))
staff_right = table("staff_right", owned_by("user_id", "staff"), text("right", key=True))

staff_group = table(
    "staff_group",
    id_(),
    text("name"),
    flag("active"),
    integer("revision"),
    sa.UniqueConstraint("name"),
)
group_right = table("group_right", owned_by("group_id", "staff_group"), text("right", key=True))
group_member = table(
    "group_member", owned_by("group_id", "staff_group"), owned_by("user_id", "staff")
)

third_party = table(
    "third_party",
    id_(),
    text("code"),
    text("name"),
    text("folded"),
    ref("entity_id", "entity", null=True),
    flag("active"),
    integer("revision"),
    sa.UniqueConstraint("code"),
)
third_party_kind = table(
    "third_party_kind", owned_by("third_party_id", "third_party"), text("kind", key=True)
)
third_party_name = table(
    "third_party_name",
    owned_by("third_party_id", "third_party"),
    integer("position", key=True),
    text("name"),
    text("folded"),
)
third_party_tag = table(
    "third_party_tag", owned_by("third_party_id", "third_party"), text("tag", key=True)
)
# Not unique: two third parties of one domain are a tie, which a person decides (spec §4).
third_party_domain = table(
    "third_party_domain",
    owned_by("third_party_id", "third_party"),
    text("domain", key=True),
    integer("position"),
)

contact = table(
    "contact",
    id_(),
    ref("third_party_id", "third_party"),
    text("name"),
    text("folded"),
    integer("level"),
    flag("active"),
    integer("revision"),
    sa.Index("ix_contact_third_party_id", "third_party_id"),
)
contact_email = table(
    "contact_email",
    owned_by("contact_id", "contact"),
    text("key", key=True),
    integer("position"),
    text("email"),
    sa.Index("ix_contact_email_key", "key"),
)
contact_phone = table(
    "contact_phone",
    owned_by("contact_id", "contact"),
    integer("position", key=True),
    text("phone"),
)

# What a person decided of an address that several third parties claim: whose it is from then on.
identity_rule = table(
    "identity_rule",
    text("key", key=True),
    ref("third_party_id", "third_party", gone="CASCADE"),
    ref("by_id", "staff", null=True),
    moment("at"),
    sa.Index("ix_identity_rule_third_party_id", "third_party_id"),
)

# Where a merged third party, contact or exchange went (schema 3).
redirect = table(
    "redirect",
    text("noun", key=True),
    integer("old_id", key=True),
    integer("new_id"),
    moment("at"),
)

# The same thing elsewhere: in the ERP, in an address book (schema 11).
external_id = table(
    "external_id",
    text("system", key=True),
    text("noun", key=True),
    text("external", key=True),
    integer("local_id"),
    sa.Index("ix_external_id_local_id", "noun", "local_id"),
)
