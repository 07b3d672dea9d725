//! What the node asks for.

use super::Driver;
use crate::command::Command;
use crate::doctor;
use crate::mapping::Mapper;

impl Driver {
    pub(super) fn on_command(&mut self, command: Command) {
        let (now, mut out, mut ways) = (self.context.time.now(), Vec::new(), Vec::new());
        match command {
            Command::Want(peer, addresses) => {
                let known = self.wanted.insert(peer, addresses.clone());
                self.reacher.want(peer, now);
                if known.is_some_and(|known| addresses.iter().any(|address| !known.contains(address))) {
                    self.reacher.again(Some(peer), now);
                }
                self.table.want(peer, addresses, now, &mut out);
            }
            Command::Unwant(peer) => {
                self.wanted.remove(&peer);
                self.reacher.unwant(peer);
                self.table.unwant(peer, now, &mut out);
            }
            Command::DialNow(peer) => {
                self.reacher.again(Some(peer), now);
                self.table.dial_now(peer, now, &mut out);
            }
            Command::DialAddress(dial, address) => self.table.dial_address(dial, address, now, &mut out),
            Command::CancelDial(dial) => self.table.cancel_dial(dial, now, &mut out),
            Command::Welcome(peer, link) => {
                self.table.welcome(peer, link);
                self.running.get(&link).into_iter().for_each(|link| link.shared.mailbox.set_welcome());
            }
            Command::Close(peer, link, bye) => self.table.close(peer, link, bye, &mut out),
            Command::Announce(name) => {
                if let Some(nearby) = &mut self.nearby {
                    nearby.announce(name);
                }
            }
            Command::SetAddresses(addresses) => {
                self.own_addresses = addresses;
                self.introduce_addresses();
            }
            Command::SetCommon(peer, rooms) => self.reacher.set_common(peer, &rooms, now, &mut ways),
            Command::SetReach(settings) => {
                self.reacher.set_settings(settings);
                self.context.switchboard.set_carry(settings.carry);
                self.ways.mapper.iter().for_each(|mapper| mapper.set_on(settings.mapping));
                self.ways.rendezvous.iter().for_each(|dht| dht.set_on(settings.internet));
            }
            Command::SetMeetings(meetings) => self.set_meetings(meetings),
            Command::LookAtSystem => doctor::look(self.context.events.clone()),
            Command::OtherPort => self.listen_elsewhere(now, &mut out),
            Command::TryReach => {
                self.ways.mapper.iter().for_each(Mapper::try_now);
                self.reacher.try_reach(now, &mut ways);
            }
            Command::DialBack(token, may) => self.reacher.may_dial_back(token, may, now, &mut ways),
            Command::Shutdown(_) => debug_assert!(false, "handled in run"),
        }
        self.act(out);
        self.act_on_reach(ways);
    }
}
