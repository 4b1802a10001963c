//! Statements about interpreter that were wrong once.
