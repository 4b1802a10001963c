//! Statements about facts that were wrong once.
