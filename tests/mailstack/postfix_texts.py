"""The configuration of a private Postfix (3.7 to 3.10), as text.

Takes in names and ports; leaves nothing behind. www.postfix.org/postconf.5.html explains each setting.
"""

from tests.mailstack.dovecot_texts import Text

# Every .example domain is delivered to our Dovecot, which knows the addresses; any other destination is an
# error inside Postfix, so no message can leave this machine. No DNS is asked.
MAIN = Text(r"""
compatibility_level = 3.6
queue_directory = @{dir}/queue
data_directory = @{dir}/data
daemon_directory = @{programs}
mail_owner = @{owner}
setgid_group = postdrop
default_privs = nobody
import_environment = TZ LANG=C MAIL_CONFIG MAIL_LOGTAG POSTLOG_SERVICE POSTLOG_HOSTNAME @{environment}
maillog_file = @{dir}/postfix.log
maillog_file_prefixes = @{dir}
smtpd_banner = localhost ESMTP @{token}
myhostname = localhost
myorigin = @{origin}
mydestination =
mynetworks = 127.0.0.1/32
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtp_bind_address = 127.0.0.1
local_transport = error:5.7.1 nothing leaves this machine
default_transport = error:5.7.1 nothing leaves this machine
relay_transport = error:5.7.1 nothing leaves this machine
virtual_mailbox_domains = regexp:@{dir}/etc/domains
virtual_transport = lmtp:inet:127.0.0.1:@{lmtp_port}
smtp_dns_support_level = disabled
lmtp_host_lookup = native
smtp_host_lookup = native
alias_maps =
alias_database =
local_recipient_maps =
message_size_limit = 31457280
mailbox_size_limit = 0
virtual_mailbox_limit = 0
smtpd_tls_chain_files = @{key} @{chain}
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_tls_session_cache_database =
tls_random_source = dev:/dev/urandom
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:@{sasl_port}
smtpd_sasl_security_options = noanonymous
smtpd_recipient_restrictions =
  check_recipient_access texthash:@{dir}/etc/reject, permit_mynetworks, reject_unauth_destination
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_error_sleep_time = 0
smtpd_peername_lookup = no
in_flow_delay = 0
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
minimal_backoff_time = 2s
maximal_backoff_time = 5s
queue_run_delay = 2s
lmtp_destination_concurrency_limit = 10
notify_classes =
smtputf8_enable = yes
recipient_delimiter = +
""")

# What comes in by submission goes through a cleanup of its own, the one that files the sender's copy.
MASTER = Text(r"""
# service type private unpriv chroot wakeup maxproc command
127.0.0.1:@{smtp_port} inet n - n - - smtpd
127.0.0.1:@{submission_port} inet n - n - - smtpd
  -o syslog_name=postfix/submission
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
  -o cleanup_service_name=submitted
127.0.0.1:@{submissions_port} inet n - n - - smtpd
  -o syslog_name=postfix/submissions
  -o smtpd_tls_wrappermode=yes
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
  -o cleanup_service_name=submitted
submitted unix n - n - 0 cleanup
  -o sender_bcc_maps=@{sent_copies}
pickup    unix  n - n 60 1 pickup
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - - proxymap
error     unix  - - n - - error
retry     unix  - - n - - error
discard   unix  - - n - - discard
lmtp      unix  - - n - - lmtp
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
""")

DOMAINS = "/^[a-z0-9.-]+\\.example$/ local\n"
SENT_COPIES = "/^([^+@]+)@(.+\\.example)$/ ${1}+sent@${2}\n"

# For the wrapper libraries: the few accounts Postfix looks up, with this user as the owner of the mail.
PASSWD = Text("""\
root:x:0:0:root:/:/bin/false
@{user}:x:@{uid}:@{gid}::/:/bin/false
nobody:x:65534:65534::/:/bin/false
""")
GROUP = Text("""\
root:x:0:
@{group}:x:@{gid}:
postdrop:x:65533:
nogroup:x:65534:
""")
