//! A provider that a new config takes over while calls run.

use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use async_trait::async_trait;

use crate::{
    Answer, CallOptions, Capabilities, Challenge, ChallengeHandle, ChallengeProvider, ChallengeRequest, Config, Error, Field, ProviderId, Verification,
};

/// A provider whose config can be replaced while calls run: for rotated secrets, or another vendor.
///
/// A call that has begun ends under the config it began with; the next one sees the new config whole. Challenges that were made before are
/// checked as long as their provider is in the new config.
///
/// ```no_run
/// # #[cfg(feature = "toml")] {
/// use auth_challenge::{Config, Reloadable};
///
/// let auth = Reloadable::new(&Config::from_toml_file("auth.toml")?)?;
/// // Secret files were replaced: read them again. A config with mistakes changes nothing.
/// auth.reload(&Config::from_toml_file("auth.toml")?)?;
/// # }
/// # Ok::<(), auth_challenge::Error>(())
/// ```
#[derive(Debug)]
pub struct Reloadable {
    current: RwLock<Generation>,
    faces: Face,
}

#[derive(Clone, Debug)]
struct Generation {
    provider: Arc<dyn ChallengeProvider>,
    face: usize,
}

/// What `id` and `capabilities` lend out. It outlives its generation, since somebody may still look at it; equal ones are kept once.
#[derive(Debug)]
struct Face {
    id: ProviderId,
    capabilities: Capabilities,
    next: OnceLock<Box<Face>>,
}

impl Reloadable {
    /// The provider of a config.
    ///
    /// # Errors
    ///
    /// As [`Config::build`].
    pub fn new(config: &Config) -> Result<Self, Error> {
        Ok(Self::from_provider(config.build()?))
    }

    /// A provider of your own, to be replaced later.
    pub fn from_provider(provider: Arc<dyn ChallengeProvider>) -> Self {
        Self { faces: Face::of(&*provider), current: RwLock::new(Generation { provider, face: 0 }) }
    }

    /// Puts the provider of another config in the place of the current one.
    ///
    /// # Errors
    ///
    /// As [`Config::build`]; the current provider stays.
    pub fn reload(&self, config: &Config) -> Result<(), Error> {
        self.replace(config.build()?);
        Ok(())
    }

    /// Puts another provider in the place of the current one.
    pub fn replace(&self, provider: Arc<dyn ChallengeProvider>) {
        // Under the lock, so that two at once do not add the same face.
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let face = self.faces.index_of(&*provider);
        *current = Generation { provider, face };
    }

    /// The provider as it is now, for several calls under one config.
    pub fn current(&self) -> Arc<dyn ChallengeProvider> {
        self.generation().provider
    }

    fn generation(&self) -> Generation {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn face(&self) -> &Face {
        let index = self.generation().face;
        self.faces.iter().nth(index).unwrap_or(&self.faces)
    }
}

impl Face {
    fn of(provider: &dyn ChallengeProvider) -> Self {
        Self { id: provider.id().clone(), capabilities: provider.capabilities().clone(), next: OnceLock::new() }
    }

    fn iter(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |face| face.next.get().map(Box::as_ref))
    }

    fn index_of(&self, provider: &dyn ChallengeProvider) -> usize {
        let mut last = self;
        let mut count = 0;
        for face in self.iter() {
            if face.id == *provider.id() && face.capabilities == *provider.capabilities() {
                return count;
            }
            last = face;
            count += 1;
        }
        last.next.get_or_init(|| Box::new(Self::of(provider)));
        count
    }
}

#[async_trait]
impl ChallengeProvider for Reloadable {
    fn id(&self) -> &ProviderId {
        &self.face().id
    }

    fn capabilities(&self) -> &Capabilities {
        &self.face().capabilities
    }

    fn check(&self, request: &ChallengeRequest) -> Result<Vec<Field>, Error> {
        self.current().check(request)
    }

    async fn create_with(&self, request: &ChallengeRequest, options: &CallOptions) -> Result<Challenge, Error> {
        self.current().create_with(request, options).await
    }

    async fn verify_with(&self, handle: &ChallengeHandle, answer: &Answer, options: &CallOptions) -> Result<Verification, Error> {
        self.current().verify_with(handle, answer, options).await
    }

    async fn resend_with(&self, handle: &ChallengeHandle, options: &CallOptions) -> Result<Challenge, Error> {
        self.current().resend_with(handle, options).await
    }
}
