//! Why a call was not carried out.

data! {
    /// Why a call was not carried out. Nothing has changed unless the code says so.
    pub struct Refusal {
        /// The case.
        pub code: Code,
        /// For developers and reports; clients have their own words for each code.
        pub message: String,
    }

    /// Cases that some client treats differently.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum Code {
        /// No such call.
        UnknownCall,
        /// Arguments that do not fit the call.
        BadArguments,
        /// The profile is not open yet.
        NotOpen,
        /// The profile is open (or begun) already.
        AlreadyOpen,
        /// The passphrase is wrong.
        WrongPassphrase,
        /// The passphrase is too short.
        WeakPassphrase,
        /// The keychain does not serve; `status` says why.
        Keychain,
        /// The name is empty or too long.
        BadName,
        /// The text is empty.
        EmptyText,
        /// The text is too long.
        TextTooLong,
        /// No such room here.
        UnknownRoom,
        /// No such message here.
        UnknownMessage,
        /// No such person here.
        UnknownPeer,
        /// Only the author may do that.
        NotAuthor,
        /// Only members may do that.
        NotMember,
        /// One's role in the room does not allow that, or not with this person.
        NotAllowed,
        /// The invite or address cannot be read.
        BadInvite,
        /// A limit of this device was reached.
        Limit,
        /// Another process uses this profile.
        ProfileInUse,
        /// The data was written by a newer version.
        DataTooNew,
        /// The data was written by an older version, in a form that is not read any more.
        DataTooOld,
        /// Reading or writing the disk failed.
        Disk,
        /// The node is shutting down.
        Closing,
    }
}

impl Refusal {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Refusal { code, message: message.into() }
    }

    pub(crate) fn unknown_call(call: &str) -> Self {
        let shown: String = call.chars().take(40).collect();
        Refusal::new(Code::UnknownCall, format!("no call named {shown:?}"))
    }

    pub(crate) fn bad_args(call: &str, error: &serde_json::Error) -> Self {
        Refusal::new(Code::BadArguments, format!("{call}: {error}"))
    }
}
