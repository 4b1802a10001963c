//! Tests of the kernels as their callers see them.
