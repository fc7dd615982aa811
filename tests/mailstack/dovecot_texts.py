"""The configuration of a private Dovecot 2.3, as text.

Takes in names, ports and a profile; leaves nothing behind. Settings are explained where they are not obvious;
doc.dovecot.org/2.3 has the rest.
"""

from string import Template

from tests.mailstack.profiles import Profile


class Text(Template):
    """A template whose variables are written ``@{name}``: Dovecot and Postfix use the dollar themselves."""

    delimiter = "@"


# Everything Dovecot would run as its own users or in a chroot is put on one user and out of it, so that an
# ordinary user can run it. service_count = 0 and process_min_avail: no process start before the first login.
# anvil-auth-penalty off and failure delay 0: a wrong password must not slow the next test down.
# mail_fsync = never: the mail is thrown away anyway.
MAIN = Text(r"""
protocols = imap lmtp
base_dir = @{dir}/run
state_dir = @{dir}/state
log_path = @{dir}/dovecot.log
auth_verbose = yes
listen = 127.0.0.1
hostname = localhost
login_greeting = ready @{token}
default_internal_user = @{user}
default_internal_group = @{group}
default_login_user = @{user}
first_valid_uid = @{uid}
last_valid_uid = @{uid}
first_valid_gid = @{gid}
mail_uid = @{uid}
mail_gid = @{gid}
service anvil {
  chroot =
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service stats {
  chroot =
}
service imap-login {
  chroot =
  service_count = 0
  process_min_avail = 1
  inet_listener imap {
    address = 127.0.0.1
    port = @{imap_port}
  }
  inet_listener imaps {
    address = 127.0.0.1
    port = @{imaps_port}
    ssl = yes
  }
}
service imap {
  service_count = 200
  process_limit = 512
}
service lmtp {
  service_count = 200
  process_min_avail = 1
  inet_listener lmtp {
    address = 127.0.0.1
    port = @{lmtp_port}
  }
}
service auth {
  # Postfix asks here whether a login is good.
  inet_listener sasl {
    address = 127.0.0.1
    port = @{sasl_port}
  }
}
ssl = yes
ssl_min_protocol = TLSv1.2
ssl_cert = <@{chain}
ssl_key = <@{key}
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
passdb {
  driver = passwd-file
  args = username_format=%u @{dir}/users/%u
}
userdb {
  driver = passwd-file
  args = username_format=%u @{dir}/users/%u
}
mail_home = @{dir}/mail/%u
mail_location = sdbox:~/sdbox
mail_fsync = never
mailbox_list_index = yes
# Ahead of the protocol blocks, which add to it where they stand.
mail_plugins = @{plugins}
recipient_delimiter = +
namespace inbox {
  inbox = yes
  separator = /
@{folders}
}
protocol imap {
  mail_max_userip_connections = 500
@{capability}
}
protocol lmtp {
  mail_plugins = $mail_plugins sieve
  postmaster_address = postmaster@@invalid.example
}
plugin {
  sieve = file:~/sieve;active=~/.dovecot.sieve
  sieve_before = @{dir}/sieve/before.sieve
}
""")

# "All Mail" is a virtual folder over everything but Trash and Spam. What is expunged elsewhere goes to a
# hidden folder that All Mail shows too, as Gmail's default does: to expunge is to archive.
GMAIL = Text(r"""
namespace gmail {
  prefix = "[Gmail]/All/"
  separator = /
  list = children
  subscriptions = no
  location = virtual:@{dir}/virtual:INDEX=~/virtual:CONTROL=~/virtual
  mailbox "Mail" {
    special_use = "\\All"
  }
}
namespace archived {
  prefix = archived/
  separator = /
  hidden = yes
  list = no
  subscriptions = no
  location = sdbox:~/archived
}
plugin {
  lazy_expunge = archived/expunged
  lazy_expunge_only_last_instance = yes
  lazy_expunge_exclude = [Gmail]/Trash
  lazy_expunge_exclude2 = [Gmail]/Spam
}
""")

# The indented line is the search: everything.
ALL_MAIL = """\
*
-[Gmail]/Trash
-[Gmail]/Spam
-[Gmail]/All/*
archived/expunged
  all
"""

# Mail to name+sent@domain is the copy the SMTP server files of what name submitted.
FILE_SENT = Text("""\
require ["envelope", "subaddress", "fileinto", "imap4flags"];
if envelope :detail "to" "sent" {
  fileinto :flags "\\\\Seen" "@{folder}";
  stop;
}
""")

FILE_NOTHING = "keep;\n"


def folders(profile: Profile) -> str:
    """Return the mailbox blocks of the profile's folders, each made and subscribed at the first login."""
    return "\n".join(_folder(name, use) for name, use in profile.folders)


def capability(profile: Profile) -> str:
    """Return the line that hides capabilities, or nothing. Dovecot still obeys what it does not announce."""
    return "" if profile.capability is None else f"  imap_capability = {profile.capability}"


def _folder(name: str, use: str | None) -> str:
    special = "" if use is None else f'    special_use = "\\{use}"\n'
    return f'  mailbox "{name}" {{\n    auto = subscribe\n{special}  }}'
