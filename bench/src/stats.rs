//! Several measurements of one thing, told as their median and their spread.

use std::{fmt, time::Duration};

/// What was measured, in the order it was measured.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sample(Vec<f64>);

impl Sample {
    /// Adds one measurement.
    pub(crate) fn add(&mut self, value: f64) {
        self.0.push(value);
    }

    /// Adds a time in milliseconds.
    pub(crate) fn add_time(&mut self, time: Duration) {
        self.add(time.as_secs_f64() * 1e3);
    }

    /// The middle one; `NaN` of nothing.
    pub(crate) fn median(&self) -> f64 {
        let sorted = self.sorted();
        match sorted.len() {
            0 => f64::NAN,
            odd if odd % 2 == 1 => sorted[odd / 2],
            even => f64::midpoint(sorted[even / 2 - 1], sorted[even / 2]),
        }
    }

    /// Median and spread with so many digits behind the point.
    pub(crate) fn shown(&self, digits: usize) -> String {
        let sorted = self.sorted();
        match (sorted.first(), sorted.last()) {
            (Some(least), Some(most)) if sorted.len() > 1 => {
                format!("{:.digits$} ({least:.digits$} to {most:.digits$})", self.median())
            }
            (Some(only), _) => format!("{only:.digits$}"),
            _ => "none".to_owned(),
        }
    }

    fn sorted(&self) -> Vec<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(values: &[f64]) -> Sample {
        Sample(values.to_vec())
    }

    #[test]
    fn the_median_of_an_even_number_lies_between_the_two_in_the_middle() {
        assert_eq!(sample(&[4.0, 1.0, 3.0, 2.0]).shown(1), "2.5 (1.0 to 4.0)");
        assert_eq!(sample(&[3.0, 1.0, 2.0]).shown(0), "2 (1 to 3)");
    }

    #[test]
    fn one_measurement_has_no_spread_and_none_has_nothing() {
        assert_eq!(sample(&[7.0]).to_string(), "7.0");
        assert_eq!(sample(&[]).to_string(), "none");
    }
}
