//! What all data of the contract can do.

/// A macro, so that no type of the contract lacks one of these.
macro_rules! data {
    ($( $(#[$meta:meta])* $vis:vis $kind:ident $name:ident $body:tt )*) => { $(
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, ts_rs::TS, schemars::JsonSchema)]
        $(#[$meta])*
        $vis $kind $name $body
    )* };
}
