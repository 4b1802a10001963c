//! Statements about kernels that were wrong once.
