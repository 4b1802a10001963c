//! Statements about gate that were wrong once.
