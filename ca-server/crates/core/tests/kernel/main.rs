//! The kernel as a whole: from a request to a certificate and a CRL, with keys of its own.

#[cfg(test)]
mod crl;
#[cfg(test)]
mod der_writer;
#[cfg(test)]
mod hierarchy;
#[cfg(test)]
mod hostile_request;
#[cfg(test)]
mod issuance;
#[cfg(test)]
mod kit;
#[cfg(test)]
mod matrix;
#[cfg(test)]
mod odd_names;
#[cfg(test)]
mod policy;
#[cfg(test)]
mod properties;
mod time_edges;
