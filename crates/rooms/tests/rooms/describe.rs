//! Events in words, for the golden files.

use identity::PeerId;
use rooms::authority::Setting;
use rooms::{CutList, EpochPart, Event, Payload, SealedSecret, To};
use serde_json::{Value, json};

use crate::people::hex;

/// All that an event says of itself; `content` is what it says once opened.
pub(crate) fn describe(event: &Event) -> Value {
    let header = &event.header;
    json!({
        "wire": hex(&event.raw().0),
        "room": header.room.to_string(),
        "device": header.device.to_string(),
        "log": header.log.to_string(),
        "seq": header.seq,
        "prev": header.prev.to_string(),
        "hlc": { "ms": header.hlc.ms(), "counter": header.hlc.counter() },
        "uuid": hex(&header.uuid.0),
        "ctl": hex(&header.ctl),
        "kind": header.kind,
        "epoch": hex(&header.epoch),
        "nonce": hex(&header.nonce),
        "payload": event.payload().map(hex),
        "content": event.content().map(hex),
        "says": Payload::of(event).ok().map(|payload| says(&payload)),
        "payload_hash": hex(&header.payload_hash),
        "sig": event.sig.map(|sig| hex(sig.as_bytes())),
        "id": event.id().to_string(),
        "chain": event.chain().to_string(),
        "position": event.position().to_text(),
    })
}

pub(crate) fn says(payload: &Payload) -> Value {
    match payload {
        Payload::Create { nonce, name, creator } => json!({ "create": { "nonce": hex(nonce), "name": name, "creator": creator } }),
        Payload::Add { by, device, name, round, pass } => {
            let pass =
                pass.map(|pass| json!({ "invite": pass.invite.to_string(), "key": hex(&pass.key), "proof": hex(pass.proof.as_bytes()) }));
            json!({ "add": { "by": by.to_string(), "device": device.to_string(), "name": name, "round": round, "pass": pass } })
        }
        Payload::Leave { by, round, cut } => json!({ "leave": { "by": by.to_string(), "round": round, "cut": says_cut(cut) } }),
        Payload::Invite { by, key, uses, expires } => {
            json!({ "invite": { "by": by.to_string(), "key": hex(key), "uses": uses, "expires": expires } })
        }
        Payload::Revoke { by, invite, used } => {
            let used: Vec<Value> = used.iter().map(|(device, round)| json!({ "device": device.to_string(), "round": round })).collect();
            json!({ "revoke": { "by": by.to_string(), "invite": invite.to_string(), "used": used } })
        }
        Payload::Remove { by, device, round, cut } => {
            json!({ "remove": { "by": by.to_string(), "device": device.to_string(), "round": round, "cut": says_cut(cut) } })
        }
        Payload::SetRole { by, device, round, turn, role, cut } => {
            let (device, role) = (device.to_string(), format!("{role:?}").to_lowercase());
            let cut = says_cut(cut);
            json!({ "set_role": { "by": by.to_string(), "device": device, "round": round, "turn": turn, "role": role, "cut": cut } })
        }
        Payload::Set { by, version, setting, known } => {
            let setting = match setting {
                Setting::Name(name) => json!({ "name": name }),
                Setting::Topic(topic) => json!({ "topic": topic }),
                Setting::AdminsAdd(on) => json!({ "admins_add": on }),
                Setting::History(on) => json!({ "history": on }),
            };
            let one = |(device, cut): &(PeerId, CutList)| json!({ "device": device.to_string(), "cut": says_cut(cut) });
            let known: Vec<Value> = known.iter().map(one).collect();
            json!({ "set": { "by": by.to_string(), "version": version, "setting": setting, "known": known } })
        }
        Payload::Message { text, reply } => json!({ "message": { "text": text, "reply": reply.map(|target| target.to_text()) } }),
        Payload::Edit { target, text } => json!({ "edit": { "target": target.to_text(), "text": text } }),
        Payload::Delete { target } => json!({ "delete": { "target": target.to_text() } }),
        Payload::Reaction { target, emoji, on } => json!({ "reaction": { "target": target.to_text(), "emoji": emoji, "on": on } }),
        Payload::Prekey { key } => json!({ "prekey": { "key": hex(key) } }),
        Payload::Epoch(EpochPart { epoch, gone, part, parts, seals, ended }) => {
            let one =
                |(to, sealed): &(To, Option<SealedSecret>)| json!({ "to": hex(&to.0), "sealed": sealed.map(|sealed| hex(&sealed.0)) });
            let seals: Vec<Value> = seals.iter().map(one).collect();
            let ended: Vec<String> = ended.iter().map(|to| hex(&to.0)).collect();
            let gone = hex(gone);
            json!({ "epoch": { "epoch": epoch.to_string(), "gone": gone, "part": part, "parts": parts, "seals": seals, "ended": ended } })
        }
    }
}

fn says_cut(cut: &CutList) -> Vec<Value> {
    cut.iter().map(|(log, last, except)| json!({ "log": log.to_string(), "last": last, "except": except })).collect()
}
