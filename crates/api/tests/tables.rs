//! The tables of docs/API.md name every call, argument, reply, notice, field and code of the
//! contract, and no others.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

fn document() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/API.md");
    std::fs::read_to_string(path).expect("the document is there")
}

fn schema() -> Value {
    serde_json::from_str(&api::export::json_schema()).expect("the schema is JSON")
}

/// The rows of the first table after these words, as cells.
fn table<'a>(document: &'a str, after: &str) -> Vec<Vec<&'a str>> {
    let (_, rest) = document.split_once(after).expect(after);
    let rows = rest.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    rows.skip(2).map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

/// What stands between backticks.
fn names(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

fn words(cell: &str) -> BTreeSet<&str> {
    cell.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| !word.is_empty()).collect()
}

fn keys(object: &Value) -> impl Iterator<Item = &str> {
    object.as_object().into_iter().flatten().map(|(key, _)| key.as_str())
}

fn texts(list: &Value) -> BTreeSet<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn type_name(reference: &Value) -> String {
    if reference["type"] == "array" {
        return format!("{}[]", type_name(&reference["items"]));
    }
    reference["$ref"].as_str().and_then(|path| path.rsplit('/').next()).expect("a reference to a type").to_owned()
}

#[test]
fn every_call_has_a_row_with_its_arguments_and_its_reply() {
    let (document, schema) = (document(), schema());
    let call = |(name, call): (&String, &Value)| {
        let args = &schema["$defs"][&type_name(&call["args"])];
        let needed = texts(&args["required"]);
        let marked = |arg: &str| if needed.contains(arg) { arg.to_owned() } else { format!("{arg}?") };
        let mut args: Vec<String> = keys(&args["properties"]).map(marked).collect();
        args.sort();
        let reply = type_name(&call["reply"]);
        (name.clone(), args, if reply == "Done" { "{}".to_owned() } else { reply })
    };
    let made: BTreeSet<_> = schema["calls"].as_object().expect("calls").iter().map(call).collect();
    let read = |row: &Vec<&str>| {
        let mut args: Vec<String> = row[1].split(", ").filter(|arg| !arg.is_empty()).map(str::to_owned).collect();
        args.sort();
        (names(row[0]).next().expect("a name").to_owned(), args, row[2].to_owned())
    };
    let told: BTreeSet<_> = table(&document, "## Calls").iter().map(read).collect();
    assert_eq!(told, made);
}

#[test]
fn every_notice_has_a_row_with_its_fields() {
    let (document, schema) = (document(), schema());
    let rows = table(&document, "## Notices");
    let told: BTreeSet<&str> = rows.iter().flat_map(|row| names(row[0])).collect();
    let forms = schema["$defs"]["Notice"]["oneOf"].as_array().expect("forms");
    let name = |form: &Value| form["properties"]["notice"]["const"].as_str().expect("a name").to_owned();
    assert_eq!(told, forms.iter().map(name).collect::<BTreeSet<_>>().iter().map(String::as_str).collect());
    for form in forms {
        let name = name(form);
        let row = rows.iter().find(|row| names(row[0]).any(|told| told == name)).expect("found above");
        for field in keys(&form["properties"]).filter(|field| *field != "notice") {
            assert!(words(row[1]).contains(field), "{name} lacks {field}");
        }
    }
}

#[test]
fn every_code_has_a_row() {
    let (document, schema) = (document(), schema());
    let rows = table(&document, "**Codes.**");
    let told: BTreeSet<&str> = rows.iter().flat_map(|row| names(row[0])).collect();
    let forms = schema["$defs"]["Code"]["oneOf"].as_array().expect("forms");
    assert_eq!(told, forms.iter().filter_map(|form| form["const"].as_str()).collect());
}
