//! Layout of the packed image: what `loader/pack` writes and `fs` reads in place.
