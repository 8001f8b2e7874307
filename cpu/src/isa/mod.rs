//! THE place that says what an instruction does: the table of rows, and the meanings by subject.

pub mod alu;
pub mod mov;
pub mod sse;
pub mod table;
