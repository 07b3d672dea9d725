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
}

/// What first run is answered with.
#[derive(Clone)]
pub(crate) struct Beginning {
    pub(crate) name: String,
    pub(crate) custody: CustodyChoice,
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
