//! One figure a line, and the little arithmetic that they need.

use std::time::Duration;

/// Prints figures as they come.
pub(crate) struct Figures;

impl Figures {
    /// `{"name":…,"value":…,"unit":…}`
    pub(crate) fn put(&mut self, name: &str, value: f64, unit: &str) {
        println!("{}", serde_json::json!({ "name": name, "value": (value * 100.0).round() / 100.0, "unit": unit }));
    }
}

/// The value below which `share` of all lie; 0 for none.
pub(crate) fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    values.get((last as f64 * share).round() as usize).copied().unwrap_or(0.0)
}

/// Median of several runs of the same thing.
pub(crate) fn median(runs: usize, mut run: impl FnMut() -> f64) -> f64 {
    let mut values: Vec<f64> = (0..runs).map(|_| run()).collect();
    quantile(&mut values, 0.5)
}

/// Things done per second.
pub(crate) fn rate(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

/// Microseconds.
pub(crate) fn micros(took: Duration) -> f64 {
    took.as_secs_f64() * 1e6
}
