//! The command line.

use std::env::VarError;
use std::net::SocketAddr;
use std::path::PathBuf;

use api::Zeroizing;
use api::session::Config;
use api::types::CustodyChoice;
use clap::Parser;

/// Environment variable that holds the passphrase of the key file.
const PASSPHRASE: &str = "GRAPEVINE_PASSPHRASE";

/// A Grapevine peer without a window. Reads one JSON object per line:
/// {"id":1,"call":"status","args":{}}; writes replies and notices, one per line.
#[derive(Parser)]
#[command(name = "grapevine-node", version)]
pub(crate) struct Args {
    /// Folder of this person's data.
    #[arg(long)]
    profile: Option<PathBuf>,
    /// Address to listen on; may be given several times.
    #[arg(long)]
    listen: Vec<SocketAddr>,
    /// Keep the key in a passphrase file instead of the keychain; the passphrase comes from
    /// GRAPEVINE_PASSPHRASE.
    #[arg(long)]
    key_file: bool,
    /// On first run, begin at once under this name.
    #[arg(long)]
    name: Option<String>,
    /// Neither look for people on the local network nor be seen there.
    #[arg(long)]
    no_nearby: bool,
    /// Dial only people whose address was given here; pass no addresses on.
    #[arg(long)]
    no_peer_exchange: bool,
    /// Never ask the router to open a door.
    #[arg(long)]
    no_mapping: bool,
    /// Node by which the DHT is entered instead of the public ones; may be given several times.
    /// Nothing is sent there before `set_internet`.
    #[arg(long, value_name = "HOST:PORT", value_parser = node_address)]
    dht: Vec<String>,
}

/// What first run is answered with.
#[derive(Clone)]
pub(crate) struct Beginning {
    pub(crate) name: String,
    pub(crate) custody: CustodyChoice,
}

/// A host and a port, which is looked up when it is needed.
fn node_address(text: &str) -> Result<String, String> {
    let port = text.rsplit_once(':').filter(|(host, _)| !host.is_empty()).and_then(|(_, port)| port.parse::<u16>().ok());
    match port {
        Some(port) if port > 0 => Ok(text.to_owned()),
        Some(_) | None => Err("wanted a host and a port, like 127.0.0.1:6881".to_owned()),
    }
}

impl Args {
    /// What was given, or why it cannot be used.
    pub(crate) fn config(&self) -> Result<Config, String> {
        let usual = Config::default();
        Ok(Config {
            profile: self.profile.clone().unwrap_or(usual.profile),
            listen: self.listen.clone(),
            nearby: !self.no_nearby,
            peer_exchange: !self.no_peer_exchange,
            mapping: !self.no_mapping,
            dht: self.dht.clone(),
            passphrase: self.passphrase()?.map(Zeroizing::new),
        })
    }

    /// How a first run begins, with the passphrase of that configuration.
    pub(crate) fn beginning(&self, config: &Config) -> Option<Beginning> {
        let name = self.name.clone()?;
        let custody = match &config.passphrase {
            Some(passphrase) => CustodyChoice::KeyFile { passphrase: passphrase.to_string() },
            None => CustodyChoice::Keychain,
        };
        Some(Beginning { name, custody })
    }

    fn passphrase(&self) -> Result<Option<String>, String> {
        match std::env::var(PASSPHRASE) {
            // Taken for none, it would lead to the keychain, which nobody asked for.
            Err(VarError::NotUnicode(_)) if self.key_file => Err(format!("{PASSPHRASE} is not UTF-8")),
            Ok(passphrase) if self.key_file => Ok(Some(passphrase)),
            Ok(_) | Err(_) => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dht_of_ones_own_is_named_by_hosts_with_ports() {
        let args =
            Args::try_parse_from(["grapevine-node", "--dht", "127.0.0.1:6881", "--dht", "[::1]:1", "--no-mapping"]).expect("well-formed");
        let config = args.config().expect("all can be used");
        assert_eq!((config.dht.len(), config.mapping), (2, false));
        for bad in ["127.0.0.1", ":6881", "host:0", "host:70000"] {
            assert!(Args::try_parse_from(["grapevine-node", "--dht", bad]).is_err(), "{bad}");
        }
    }
}
