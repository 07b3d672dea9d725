//! What the command line may say.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

/// Group chat without a server.
#[derive(Clone, Debug, clap::Parser)]
#[command(name = "grapevine", version)]
pub(crate) struct Args {
    /// Folder of this person's data. Another folder is another person: own key, own port, own
    /// window.
    #[arg(long, value_name = "DIR")]
    pub profile: Option<PathBuf>,
    /// Address to listen on, such as 127.0.0.1:4747; may be given more than once. Port 0 takes a
    /// free one.
    #[arg(long, value_name = "ADDR")]
    pub listen: Vec<SocketAddr>,
    /// Neither announce this device on the local network nor look for others there.
    #[arg(long)]
    pub no_nearby: bool,
    /// Place of the window as X,Y,WIDTH,HEIGHT in logical pixels, instead of where it was last.
    #[arg(long, value_name = "X,Y,W,H", hide = true)]
    pub place: Option<Place>,
    /// An invite: grapevine://join/… or gv1….
    #[arg(value_name = "LINK")]
    pub link: Option<String>,
}

/// Place of the window on the screen in logical pixels.
#[derive(Copy, Clone, Debug, PartialEq)]
pub(crate) struct Place {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Place, String> {
        let numbers: Vec<f64> = text.split(',').map_while(|part| part.trim().parse().ok()).collect();
        let [x, y, width, height] = numbers[..] else {
            return Err("wanted four numbers: X,Y,WIDTH,HEIGHT".to_owned());
        };
        Ok(Place { x, y, width, height })
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[test]
    fn a_link_and_a_profile_are_told_apart() {
        let args = Args::try_parse_from(["grapevine", "--profile", "/tmp/ana", "grapevine://join/gv1abc"]).expect("well-formed");
        assert_eq!(args.profile, Some(PathBuf::from("/tmp/ana")));
        assert_eq!(args.link.as_deref(), Some("grapevine://join/gv1abc"));
    }

    #[test]
    fn several_addresses_may_be_listened_on() {
        let args = Args::try_parse_from(["grapevine", "--listen", "127.0.0.1:0", "--listen", "[::1]:0"]).expect("well-formed");
        assert_eq!(args.listen.len(), 2);
        assert!(Args::try_parse_from(["grapevine", "--listen", "nowhere"]).is_err());
    }

    #[test]
    fn a_place_needs_exactly_four_numbers() {
        assert_eq!("0,10,640,480".parse(), Ok(Place { x: 0.0, y: 10.0, width: 640.0, height: 480.0 }));
        for bad in ["", "1,2,3", "1,2,3,4,5", "1,2,x,4"] {
            assert!(bad.parse::<Place>().is_err(), "{bad:?} was taken for a place");
        }
    }
}
