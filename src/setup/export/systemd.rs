//! A unit of systemd for the daemon, which gives it nothing that it does not need.

use std::collections::BTreeSet;

use crate::model::server::PasswordSource;
use crate::model::settings::Settings;

/// Where systemd puts what `LoadCredential` names.
const CREDENTIALS: &str = "/run/credentials/upshift.service/";

/// The unit, for a binary and a configuration at these absolute paths.
pub fn unit(settings: &Settings, binary: &str, configuration: &str) -> String {
    let databases: Vec<&str> = settings.databases.iter().map(|policy| policy.database.as_str()).collect();
    let (secrets, reach) = (secrets(settings), reach(settings));
    format!(
        "{HEAD}
[Unit]
Description=upshift, the auto-scaling engine of {}
Wants=network-online.target
After=network-online.target
# Five starts in ten minutes are enough: what fails five times wants a person.
StartLimitIntervalSec=10min
StartLimitBurst=5

[Service]
# Started is what answers: the engine runs, and its control socket is served.
Type=notify
NotifyAccess=main
ExecStart={} --auto --config {} --state-dir %S/upshift
# Taken whole or not at all; `upshift ctl status` says which configuration is in force.
ExecReload=/bin/kill -HUP $MAINPID
# The engine's own loop must answer for that. One that is stuck is started again, and acts only after a person has looked.
WatchdogSec=60s
{secrets}{SERVICE}{reach}{CALLS}",
        escaped(&databases.join(", ")),
        quoted(binary),
        quoted(configuration),
    )
}

const HEAD: &str = "\
# Written by `upshift export systemd`. Put it to /etc/systemd/system/upshift.service, then:
#   systemctl daemon-reload && systemctl enable --now upshift
# The evidence is in /var/lib/upshift: upshift journal show --state-dir /var/lib/upshift
# Credentials of AWS are those of the host's role; a profile needs Environment=AWS_CONFIG_FILE=… in a drop-in.
";

const SERVICE: &str = "\
# A wrong configuration does not become right by another start. And no start arms an engine that a person has disarmed,
# or that ended without a word.
Restart=on-failure
RestartSec=10s
RestartPreventExitStatus=2
# An end in order takes 15 s at most: a call that was sent has 12 s for its answer. Clients that are held go on.
TimeoutStopSec=20s
KillMode=mixed

# A user of its own, for as long as it runs, whose only places to write are /var/lib/upshift and, for the socket, /run/upshift.
DynamicUser=yes
RuntimeDirectory=upshift
RuntimeDirectoryMode=0750
StateDirectory=upshift
StateDirectoryMode=0700
UMask=0077
LimitCORE=0

ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
PrivateMounts=yes
DevicePolicy=closed
ProcSubset=pid
ProtectClock=yes
ProtectHostname=yes
ProtectControlGroups=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RemoveIPC=yes
KeyringMode=private
";

const CALLS: &str = "
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
LockPersonality=yes
MemoryDenyWriteExecute=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
# AWS, PostgreSQL and PgBouncer over TCP; the resolver and the journal over a socket of this host.
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
";

/// Who can reach the control socket. Whoever gives an order is told from others: behind `PrivateUsers` everybody but root is
/// nobody, and behind `ProtectProc` nobody has logged in, so that the unit has neither.
fn reach(settings: &Settings) -> String {
    settings.control.group.as_ref().map_or_else(String::new, |group| {
        format!("# Members of the group of [control] reach the socket, and are told apart by their accounts.\nGroup={group}\n")
    })
}

/// How passwords come in: the daemon's user can read neither root's files nor anybody's home.
fn secrets(settings: &Settings) -> String {
    let servers = settings.databases.iter().filter_map(|policy| Some(&policy.postgres.as_ref()?.password));
    let poolers = settings.databases.iter().filter_map(|policy| Some(&policy.pooler.as_ref()?.password));
    let all: Vec<&PasswordSource> = servers.chain(poolers).collect();
    let mut lines = Vec::new();
    if all.contains(&&PasswordSource::Environment) {
        lines.push("# PGPASSWORD=…, of mode 0600 and root's: systemd reads it.".to_owned());
        lines.push("EnvironmentFile=/etc/upshift/environment".to_owned());
    }
    let paths: BTreeSet<&str> = all
        .iter()
        .filter_map(|source| if let PasswordSource::File { path } = source { Some(path.as_str()) } else { None })
        .collect();
    for path in paths {
        let handed_on = path.strip_prefix(CREDENTIALS);
        let name = handed_on.unwrap_or_else(|| path.rsplit('/').next().unwrap_or_default());
        let source = if handed_on.is_some() { format!("/etc/upshift/{name}") } else { path.to_owned() };
        if handed_on.is_none() {
            let (path, name) = (escaped(path), escaped(name));
            lines.push(format!("# root reads {path} and hands it on: password_file = \"{CREDENTIALS}{name}\""));
        }
        lines.push(format!("LoadCredential={}", quoted(&format!("{name}:{source}"))));
    }
    lines.iter().map(|line| format!("{line}\n")).collect::<Vec<_>>().concat()
}

/// A word of a command line or a list.
fn quoted(text: &str) -> String {
    let text = escaped(text).replace('$', "$$");
    if text.contains([' ', '"', '\'', '\\', ';']) {
        format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        text
    }
}

/// Without line breaks, and with `%` as itself.
fn escaped(text: &str) -> String {
    text.replace(['\n', '\r'], " ").replace('%', "%%")
}
