//! The records of circuits.

use bincode::{Decode, Encode};
use identity::PeerId;
use wire::Record;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HelpRefused { NotLinked, NotAllowed, Busy, Off }
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CircuitWay { To, From }
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CircuitOpen { pub id: u32, pub way: CircuitWay, pub peer: PeerId }
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CircuitAnswer { pub id: u32, pub refused: Option<HelpRefused> }
#[derive(Clone, Debug, PartialEq)]
pub struct CircuitData { pub id: u32, pub bytes: Vec<u8> }
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CircuitCredit { pub id: u32, pub bytes: u32 }
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CircuitClose { pub id: u32, pub why: CircuitEnd }
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CircuitEnd { Done, Fault, Cap, Gone }
#[derive(Clone, Debug, PartialEq)]
pub enum Message { CircuitOpen(CircuitOpen), CircuitAnswer(CircuitAnswer), CircuitData(CircuitData), CircuitCredit(CircuitCredit), CircuitClose(CircuitClose) }
