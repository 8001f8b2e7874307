//! THE place that says what an instruction does: the table of rows, and the meanings by subject.

pub mod alu;
pub mod avx;
pub mod bit;
pub mod flow;
pub mod mov;
pub mod shift;
pub mod sse;
pub mod string;
pub mod system;
pub mod table;
pub mod x87;
