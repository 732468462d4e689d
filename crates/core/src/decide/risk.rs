//! Takes the ends of the paths of sensitive data; gives the hosts to mirror so that every path is seen.

mod cover;
