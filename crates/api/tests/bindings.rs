//! What is generated from the contract is committed; this test rewrites it when asked and fails on
//! a difference.

use std::path::Path;

fn check(relative: &str, fresh: String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(relative);
    if std::env::var_os("GRAPEVINE_REGENERATE").is_some() {
        std::fs::create_dir_all(path.parent().expect("file has a folder")).expect("folder is writable");
        std::fs::write(&path, &fresh).expect("generated file is writable");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == fresh, "{relative} is stale: run GRAPEVINE_REGENERATE=1 cargo test -p grapevine-api --test bindings");
}

#[test]
fn typescript_is_what_the_contract_says() {
    check("ui/src/gen/api.ts", api::export::typescript());
}

#[test]
fn json_schema_is_what_the_contract_says() {
    check("docs/api.schema.json", api::export::json_schema());
}
