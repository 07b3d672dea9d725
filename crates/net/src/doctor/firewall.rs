//! How the firewall of this computer is told to let the program through.

use super::row::Firewall;

/// The one command for a terminal.
pub(super) fn command(firewall: Firewall, port: u16, program: &str) -> String {
    match firewall {
        Firewall::Ufw => format!("sudo ufw allow {port} comment Grapevine"),
        Firewall::Firewalld => {
            format!("sudo firewall-cmd --permanent --add-port={port}/tcp --add-port={port}/udp && sudo firewall-cmd --reload")
        }
        Firewall::Nftables => format!("sudo nft insert rule inet filter input meta l4proto '{{ tcp, udp }}' th dport {port} accept"),
        Firewall::Windows => format!("netsh advfirewall firewall add rule name=Grapevine dir=in action=allow program=\"{program}\""),
        Firewall::Macos => {
            format!("sudo /usr/libexec/ApplicationFirewall/socketfilterfw --add '{program}' --unblockapp '{program}'")
        }
    }
}

/// The file of this program.
pub(super) fn this_program() -> String {
    std::env::current_exe().map(|path| path.display().to_string()).unwrap_or_default()
}

/// Opens the dialog of the system in which programs are let through, where there is one.
pub fn open_firewall_settings() {
    let opener: Option<(&str, &[&str])> = if cfg!(windows) {
        Some(("control", &["firewall.cpl"]))
    } else if cfg!(target_os = "macos") {
        Some(("open", &["x-apple.systempreferences:com.apple.Network-Settings.extension?Firewall"]))
    } else {
        // Distributions have dialogs of many names, or none: there is the command.
        None
    };
    if let Some((program, arguments)) = opener
        && let Err(error) = std::process::Command::new(program).args(arguments).spawn()
    {
        tracing::warn!(%error, program, "cannot open the firewall's settings");
    }
}
