"""A company of one, with its mail server, for an installed suivi: what a test puts in place."""

DOVECOT = """\
base_dir = /run/mailserver
log_path = /var/log/mailserver.log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
mail_location = maildir:/srv/mail/%u
first_valid_uid = 1
first_valid_gid = 1
passdb {
  driver = static
  args = password=secret-of-%u
}
userdb {
  driver = static
  args = uid=mail gid=mail home=/srv/mail/%u
}
service imap-login {
  inet_listener imap {
    port = 10143
  }
}
"""

# Dovecot 2.4 (Debian 13) has other words for the same.
DOVECOT_2_4 = """\
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
base_dir = /run/mailserver
log_path = /var/log/mailserver.log
protocols = imap
listen = 127.0.0.1
ssl = no
auth_allow_cleartext = yes
mail_driver = maildir
mail_path = /srv/mail/%{user}
first_valid_uid = 1
first_valid_gid = 1
passdb static {
  password = secret-of-%{user}
}
userdb static {
  fields {
    uid = mail
    gid = mail
    home = /srv/mail/%{user}
  }
}
service imap-login {
  inet_listener imap {
    port = 10143
  }
}
"""

TOML = """\
[company]
name = "Atelier"
domains = ["atelier.example"]
timezone = "Europe/Paris"

[[users]]
name = "Alice"
email = "alice@atelier.example"
admin = true

[[mailboxes]]
name = "alice"
owner = "alice@atelier.example"
host = "127.0.0.1"
port = {port}
security = "none"
user = "alice"
password_credential = "alice-mail"

[observe]
days = 0
"""

SECRET = "secret-of-alice"

PEOPLE = "code,name,kind,domain\nDUP,Dupont,customer,dupont.example\n"


def letter(number: int) -> bytes:
    """A message of Dupont's to Alice."""
    return (
        "From: Paul <paul@dupont.example>\r\nTo: alice@atelier.example\r\n"
        f"Subject: Letter {number}\r\nDate: Tue, 24 Nov 2026 10:{number:02}:00 +0100\r\n"
        f"Message-ID: <{number}@dupont.example>\r\n\r\nBonjour.\r\n"
    ).encode()
