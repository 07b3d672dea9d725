//! The contract for other languages: TypeScript for the window, JSON Schema for everybody else.

use ts_rs::{Config, TS};

use crate::contract::{argument_declarations, schemas, signatures};
use crate::types::*;

/// The generated TypeScript module (`ui/src/gen/api.ts`).
pub fn typescript() -> String {
    let cfg = Config::default();
    let mut out = String::from("// Generated from crates/api by `./test`; never edited by hand.\n\n");
    let mut put = |declaration: String| out.push_str(&format!("export {declaration}\n\n"));
    macro_rules! all { ($($t:ty),* $(,)?) => { $( put(<$t as TS>::decl(&cfg)); )* } }
    all!(
        Done,
        Stage,
        Building,
        KeychainProblem,
        KeychainProblemKind,
        CustodyChoice,
        Custody,
        Fingerprint,
        FingerprintEmoji,
        Me,
        OwnReach,
        RoomKind,
        Standing,
        RoomRow,
        Role,
        RoomMay,
        Closed,
        Setter,
        ClosedWhy,
        Late,
        Level,
        Behind,
        Preview,
        RoomDetails,
        Member,
        MemberMay,
        RoomInvite,
        Delivery,
        Ack,
        LinkState,
        LinkPath,
        LinkReason,
        Person,
        PersonDetails,
        Network,
        Reach,
        Via,
        Owed,
        Request,
        Nearby,
        Invite,
        InviteReading,
        FoundInvite,
        InviteFault,
        Joining,
        JoinState,
        JoinTrouble,
        TroubleSide,
        JoinFinding,
        JoinRefusal,
        Message,
        Body,
        Quote,
        Reaction,
        Anchor,
        Page,
        Sent,
        Doctor,
        DoctorRow,
        Finding,
        FindingLevel,
        FindingDetails,
        IpVersion,
        DoorProtocol,
        Firewall,
        FixKind,
        DoctorAddress,
        AddressPart,
        Snapshot,
        Alert,
        AlertKind,
        ClockOff,
        ClockOwner,
        Forked,
        Numbered,
        Notice,
        Refusal,
        Code,
    );
    argument_declarations(&cfg).into_iter().for_each(&mut put);
    out.push_str("/** Arguments and reply of every call. */\nexport interface Calls {\n");
    for s in signatures(&cfg) {
        out.push_str(&format!("  {}: {{ args: {}; reply: {} }};\n", s.call, s.args, s.reply));
    }
    out.push_str("}\n");
    out
}

/// The generated JSON Schema (`docs/api.schema.json`).
pub fn json_schema() -> String {
    let mut generator = schemars::SchemaGenerator::default();
    let mut calls = serde_json::Map::new();
    for (call, args, reply) in schemas(&mut generator) {
        calls.insert(call.into(), serde_json::json!({ "args": args, "reply": reply }));
    }
    let notice = generator.subschema_for::<Numbered>();
    let refusal = generator.subschema_for::<Refusal>();
    let document = serde_json::json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Grapevine client contract",
        "calls": calls,
        "notice": notice,
        "refusal": refusal,
        "$defs": generator.take_definitions(true),
    });
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}
