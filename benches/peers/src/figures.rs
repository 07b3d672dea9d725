//! Samples of all rounds; at the end their medians, and ours beside the better of the others.

use std::collections::BTreeMap;

use serde_json::json;

use crate::kind::Kind;

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Better {
    Less,
    More,
}

struct Row {
    name: String,
    unit: &'static str,
    better: Better,
    samples: BTreeMap<Kind, Vec<f64>>,
}

/// Everything measured so far, in the order of its first measurement.
#[derive(Default)]
pub(crate) struct Figures {
    rows: Vec<Row>,
}

impl Figures {
    /// One round's figure.
    pub(crate) fn put(&mut self, kind: Kind, name: &str, value: f64, unit: &'static str, better: Better) {
        eprintln!("    {:<12} {name} {value:.3} {unit}", kind.name());
        let at = self.rows.iter().position(|row| row.name == name).unwrap_or_else(|| {
            self.rows.push(Row { name: name.to_owned(), unit, better, samples: BTreeMap::new() });
            self.rows.len() - 1
        });
        if let Some(row) = self.rows.get_mut(at) {
            row.samples.entry(kind).or_default().push(value);
        }
    }

    /// Lines of JSON on stdout, and a table for people on stderr.
    pub(crate) fn print(&mut self) {
        eprintln!("\nmedians [least..most] (rounds); the ratio is ours to the better of the others");
        for row in &mut self.rows {
            let mut cells = String::new();
            for kind in Kind::ALL {
                let Some(values) = row.samples.get_mut(&kind) else { continue };
                let median = quantile(values, 0.5);
                line(&format!("{}_{}", row.name, kind.name()), median, row.unit);
                let (least, most) = (quantile(values, 0.0), quantile(values, 1.0));
                cells.push_str(&format!("  {} {} [{}..{}] ({})", kind.name(), short(median), short(least), short(most), values.len()));
            }
            let ratio = row.ratio();
            if let Some(ratio) = ratio {
                line(&format!("{}_ratio", row.name), ratio, "ours/best");
            }
            let ratio = ratio.map_or(String::new(), |ratio| format!("  → {ratio:.2}×"));
            eprintln!("{:<28} {:<10}{cells}{ratio}", row.name, row.unit);
        }
    }
}

impl Row {
    fn ratio(&mut self) -> Option<f64> {
        let better = self.better;
        let ours = quantile(self.samples.get_mut(&Kind::Ours)?, 0.5);
        let others = self.samples.iter_mut().filter(|(kind, _)| **kind != Kind::Ours).map(|(_, values)| quantile(values, 0.5));
        let best = others.reduce(|a, b| if better == Better::Less { a.min(b) } else { a.max(b) })?;
        (best != 0.0).then(|| ours / best)
    }
}

fn line(name: &str, value: f64, unit: &str) {
    println!("{}", json!({ "name": name.replace('-', "_"), "value": (value * 1000.0).round() / 1000.0, "unit": unit }));
}

fn short(value: f64) -> String {
    match value.abs() {
        v if v >= 100.0 => format!("{value:.0}"),
        v if v >= 1.0 => format!("{value:.1}"),
        _ => format!("{value:.3}"),
    }
}

/// The value below which `share` of all lie; 0 for none.
pub(crate) fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    values.get((last as f64 * share).round() as usize).copied().unwrap_or(0.0)
}
