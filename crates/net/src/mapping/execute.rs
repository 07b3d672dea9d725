//! One errand, by whichever way.

use super::ask::{Answer, Ask};
use super::find_upnp::{Firewall, Igd};
use super::hold::Hold;
use super::opening::{Opening, Way, Why};

use super::place::Place;
use super::{natpmp, pcp, pcp6};
use super::{pinhole, upnp};

/// The UPnP services found on this network.
#[derive(Clone, Debug, Default)]
pub(super) struct Services {
    igd: Option<Igd>,
    firewall: Option<Firewall>,
}

/// A service that an errand found.
#[derive(Debug)]
pub(super) enum Service {
    Igd(Igd),
    Firewall(Firewall),
}

impl Services {
    pub(super) fn learn(&mut self, service: Option<Service>) {
        match service {
            Some(Service::Igd(igd)) => self.igd = Some(igd),
            Some(Service::Firewall(firewall)) => self.firewall = Some(firewall),
            None => {}
        }
    }
}

/// What an errand led to.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) answer: Answer,
    pub(super) service: Option<Service>,
}

impl From<Answer> for Outcome {
    fn from(answer: Answer) -> Self {
        Self { answer, service: None }
    }
}

/// Bounded in time by each way.
pub(super) async fn execute(way: Way, ask: Ask, place: Place, services: Services) -> Outcome {
    match ask {
        Ask::Find => find(way, &place).await.unwrap_or_else(|why| Answer::Not(why).into()),
        Ask::Open(opening) => open(way, opening, &place, &services).await.unwrap_or_else(Answer::Not).into(),
        Ask::Close(holds) => {
            close(way, holds, &place, &services).await;
            Answer::Closed.into()
        }
    }
}

async fn find(way: Way, place: &Place) -> Result<Outcome, Why> {
    Ok(match way {
        Way::NatPmp => Answer::Found(Some(natpmp::address(v4(place)?.gateway).await?.into())).into(),
        Way::Upnp => {
            let (igd, address) = upnp::find(v4(place)?).await?;
            Outcome { answer: Answer::Found(Some(address)), service: Some(Service::Igd(igd)) }
        }
        Way::PinholeUpnp => {
            let firewall = pinhole::find(place.v6.as_ref().ok_or(Why::Silent)?).await?;
            Outcome { answer: Answer::Found(None), service: Some(Service::Firewall(firewall)) }
        }
        // These need not be found.
        Way::Pcp | Way::PinholePcp => Answer::Found(None).into(),
    })
}

async fn open(way: Way, opening: Opening, place: &Place, services: &Services) -> Result<Answer, Why> {
    let grant = match way {
        Way::Pcp => pcp::open(v4(place)?, &opening).await?,
        Way::NatPmp => natpmp::open(v4(place)?.gateway, &opening).await?,
        Way::Upnp => upnp::open(services.igd.as_ref().ok_or(Why::Silent)?, &opening).await?,
        Way::PinholePcp => pcp6::open(place.v6.as_ref().ok_or(Why::Silent)?, &opening).await?,
        Way::PinholeUpnp => pinhole::open(services.firewall.as_ref().ok_or(Why::Silent)?, &opening).await?,
    };
    Ok(Answer::Opened(grant))
}

/// All at once; what fails is left to its lease.
async fn close(way: Way, holds: Vec<Hold>, place: &Place, services: &Services) {
    let mut closing = tokio::task::JoinSet::new();
    for hold in holds {
        let (place, services) = (place.clone(), services.clone());
        closing.spawn(async move { close_one(way, &hold, &place, &services).await });
    }
    while closing.join_next().await.is_some() {}
}

async fn close_one(way: Way, hold: &Hold, place: &Place, services: &Services) {
    let (v4, v6) = (place.v4.as_ref(), place.v6.as_ref());
    match way {
        Way::Pcp => {
            if let Some(v4) = v4 {
                pcp::close(v4, hold).await;
            }
        }
        Way::NatPmp => {
            if let Some(v4) = v4 {
                natpmp::close(v4.gateway, hold).await;
            }
        }
        Way::Upnp => {
            if let Some(igd) = &services.igd {
                upnp::close(igd, hold).await;
            }
        }
        Way::PinholePcp => {
            if let Some(v6) = v6 {
                pcp6::close(v6, hold).await;
            }
        }
        Way::PinholeUpnp => {
            if let Some(firewall) = &services.firewall {
                pinhole::close(firewall, hold).await;
            }
        }
    }
}

fn v4(place: &Place) -> Result<&super::place::PlaceV4, Why> {
    place.v4.as_ref().ok_or(Why::Silent)
}
