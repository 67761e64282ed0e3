//! Keys, certificates and the lint, judged on octets that are written by hand.

#[cfg(test)]
mod certificate;
#[cfg(test)]
mod der_writer;
#[cfg(test)]
mod draft;
#[cfg(test)]
mod holder;
#[cfg(test)]
mod lint;
#[cfg(test)]
mod lint_list;
#[cfg(test)]
mod list_vectors;
#[cfg(test)]
mod peers;
#[cfg(test)]
mod pkilint;
#[cfg(test)]
mod pkits;
#[cfg(test)]
mod public_key;
#[cfg(test)]
mod target;
#[cfg(test)]
mod vectors;
#[cfg(test)]
mod weak_keys;
