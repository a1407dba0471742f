# Reads what only the host's root may read, and what names the host.
none_readable(["/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/sudoers", "/etc/ssh/ssh_host_rsa_key",
               "/etc/ssh/ssh_host_ed25519_key", "/etc/machine-id", "/etc/fstab", "/etc/crontab",
               "/etc/subuid", "/etc/subgid", "/etc/ssl/private/ssl-cert-snakeoil.key", "/etc/environment",
               "/etc/security/opasswd", "/etc/krb5.keytab", "/etc/os-release.host", "/etc/apt/auth.conf"])
