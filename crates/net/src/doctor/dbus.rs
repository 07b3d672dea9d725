//! What the services of a Linux desktop tell on the system's bus. Without a bus nothing is known.

use super::facts::Portal;

#[cfg(target_os = "linux")]
pub(super) use linux::{has_service, portal};

#[cfg(target_os = "linux")]
mod linux {
    use std::time::Duration;

    use zbus::blocking::Connection;
    use zbus::blocking::connection::Builder;
    use zbus::zvariant::{OwnedValue, Value};

    use super::Portal;

    /// For one answer. They come in milliseconds, or a service hangs.
    const PATIENCE: Duration = Duration::from_secs(2);
    const MANAGER: &str = "org.freedesktop.NetworkManager";
    const MANAGER_PATH: &str = "/org/freedesktop/NetworkManager";
    /// `NM_CONNECTIVITY_PORTAL`.
    const BEHIND_PORTAL: u32 = 2;
    /// `NM_CONNECTIVITY_UNKNOWN`.
    const UNKNOWN: u32 = 0;

    fn bus() -> Option<Connection> {
        Builder::system().ok()?.method_timeout(PATIENCE).build().ok()
    }

    pub(in super::super) fn has_service(name: &str) -> bool {
        bus().is_some_and(|bus| is_running(&bus, name))
    }

    /// Asked before anything else, so that nothing is started by a question.
    fn is_running(bus: &Connection, name: &str) -> bool {
        let path = "/org/freedesktop/DBus";
        let answer = bus.call_method(Some("org.freedesktop.DBus"), path, Some("org.freedesktop.DBus"), "NameHasOwner", &(name,));
        answer.is_ok_and(|answer| answer.body().deserialize::<bool>().unwrap_or(false))
    }

    fn property(bus: &Connection, name: &str) -> Option<OwnedValue> {
        let properties = Some("org.freedesktop.DBus.Properties");
        let answer = bus.call_method(Some(MANAGER), MANAGER_PATH, properties, "Get", &(MANAGER, name)).ok()?;
        answer.body().deserialize::<OwnedValue>().ok()
    }

    pub(in super::super) fn portal() -> Portal {
        let Some(bus) = bus().filter(|bus| is_running(bus, MANAGER)) else { return Portal::Unknown };
        match property(&bus, "Connectivity").and_then(|value| u32::try_from(value).ok()) {
            None | Some(UNKNOWN) => Portal::Unknown,
            Some(BEHIND_PORTAL) => Portal::Present { url: property(&bus, "ConnectivityCheckUri").and_then(text).filter(|url| is_web(url)) },
            Some(_) => Portal::Absent,
        }
    }

    fn text(value: OwnedValue) -> Option<String> {
        match &*value {
            Value::Str(text) => Some(text.to_string()),
            _ => None,
        }
    }

    fn is_web(url: &str) -> bool {
        url.starts_with("http://") || url.starts_with("https://")
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn has_service(_name: &str) -> bool {
    false
}

#[cfg(not(target_os = "linux"))]
pub(super) fn portal() -> Portal {
    Portal::Unknown
}
