//! One row a kernel and adapter, with the class that it is in.

use serde::Serialize;

use crate::relate::Related;

#[derive(Serialize)]
struct Row<'a> {
    merged: &'a str,
    kernel: &'a str,
    cases: usize,
    class: &'a str,
    kernel_class: &'a str,
    adapter: &'a str,
    device: &'a str,
    records: usize,
    equals_strict_twin: bool,
    settled: usize,
    unsettled: usize,
    differing_from_a: usize,
    max_ulp_from_a: Option<u64>,
    is_at_least: bool,
    because: &'a str,
}

/// The rows, by kernel.
///
/// # Errors
/// None in practice: rows are written to memory.
pub fn summary(view: &Related) -> Result<String, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for kernel in &view.kernels {
        for (class, cell) in view.classes.iter().zip(&kernel.cells) {
            for adapter in class.adapters.iter().filter_map(|i| view.adapters.get(*i)) {
                writer.serialize(Row {
                    merged: &view.id,
                    kernel: &kernel.kernel,
                    cases: kernel.cases,
                    class: &class.letter,
                    kernel_class: &cell.letter,
                    adapter: &adapter.label,
                    device: &adapter.device,
                    records: adapter.records.len(),
                    equals_strict_twin: cell.strict,
                    settled: cell.settled,
                    unsettled: cell.unsettled,
                    differing_from_a: cell.differing,
                    max_ulp_from_a: cell.max_ulp,
                    is_at_least: !cell.whole,
                    because: &cell.because,
                })?;
            }
        }
    }
    crate::report::finish(writer)
}
