//! Statements about engines that were wrong once.
