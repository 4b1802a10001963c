//! The axes: what can differ between two executions that are compared, and the level that each axis tests. A new axis is
//! a variant and a row of [`AXES`] here, and in the audit the pairs to compare.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What differs between the two sides of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AxisLevel {
    /// The run.
    Repeat,
    /// The configuration (workgroup, tile, batch).
    Config,
    /// The number of CPU threads, or a variable of `--vary`.
    Threads,
    /// The driver or backend, on the same hardware.
    Driver,
    /// The hardware.
    Adapter,
    /// The CPU reference against an engine.
    Engine,
}

/// What is known of an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Axis {
    /// The axis.
    pub axis: AxisLevel,
    /// Its name in records and files.
    pub name: &'static str,
    /// What is different on the other side, in a few words.
    pub about: &'static str,
    /// The level that it tests.
    pub level: Level,
}

/// Every axis, in the order of the levels that they test.
pub const AXES: [Axis; 6] = [
    Axis {
        axis: AxisLevel::Repeat,
        name: "repeat",
        about: "the same program again, on the same engine",
        level: Level::RunToRun,
    },
    Axis {
        axis: AxisLevel::Config,
        name: "config",
        about: "another workgroup size, tile or batch",
        level: Level::ConfigInvariant,
    },
    Axis {
        axis: AxisLevel::Threads,
        name: "threads",
        about: "another number of CPU threads, or a varied environment variable",
        level: Level::ConfigInvariant,
    },
    Axis {
        axis: AxisLevel::Driver,
        name: "driver",
        about: "another driver or backend on the same hardware",
        level: Level::DriverToDriver,
    },
    Axis { axis: AxisLevel::Adapter, name: "adapter", about: "other hardware", level: Level::GpuToGpu },
    Axis {
        axis: AxisLevel::Engine,
        name: "engine",
        about: "the CPU reference against an adapter",
        level: Level::CpuGpuBitwise,
    },
];

impl AxisLevel {
    /// Its row of the table.
    #[must_use]
    pub const fn row(self) -> &'static Axis {
        // The table has one row a variant, in the variants' order; a test holds it to that.
        &AXES[self as usize]
    }

    /// The name as in the record.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// What is different on the other side, in a few words.
    #[must_use]
    pub const fn about(self) -> &'static str {
        self.row().about
    }

    /// The level that it tests.
    #[must_use]
    pub const fn level(self) -> Level {
        self.row().level
    }
}

/// The scale of verdicts, the narrowest first. A level is reached only where every weaker one was tested and held: what
/// was not tested is not claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Nothing.
    NotGuaranteed,
    /// Every run gave the same bits.
    RunToRun,
    /// And so did every configuration and thread count.
    ConfigInvariant,
    /// And every driver of the same hardware.
    DriverToDriver,
    /// And every other adapter.
    GpuToGpu,
    /// And they are the strict reference's.
    CpuGpuBitwise,
}

impl Level {
    /// The levels that can hold, in the order of the scale.
    pub const ALL: [Self; 5] =
        [Self::RunToRun, Self::ConfigInvariant, Self::DriverToDriver, Self::GpuToGpu, Self::CpuGpuBitwise];

    /// The name as in the record.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NotGuaranteed => "not_guaranteed",
            Self::RunToRun => "run_to_run",
            Self::ConfigInvariant => "config_invariant",
            Self::DriverToDriver => "driver_to_driver",
            Self::GpuToGpu => "gpu_to_gpu",
            Self::CpuGpuBitwise => "cpu_gpu_bitwise",
        }
    }

    /// The axes that test it.
    pub fn axes(self) -> impl Iterator<Item = AxisLevel> {
        AXES.iter().filter(move |row| row.level == self).map(|row| row.axis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_axis_has_its_row_and_each_level_an_axis() {
        for (place, row) in AXES.iter().enumerate() {
            assert_eq!(row.axis as usize, place, "{}: rows are in the order of the variants", row.name);
            assert_eq!(row.axis.row(), row, "{}", row.name);
            assert_eq!(serde_json::to_value(row.axis).unwrap(), row.name, "the name is the record's");
        }
        assert!(AXES.windows(2).all(|pair| pair[0].level <= pair[1].level), "in the order of the levels");
        for level in Level::ALL {
            assert!(level.axes().count() > 0, "{} is tested by an axis", level.name());
        }
    }
}
