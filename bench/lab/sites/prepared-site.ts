import type { Site } from '../site.ts'

/** A site that is ready for users. What was made for it goes when it is disposed. */
export interface PreparedSite extends AsyncDisposable {
  readonly site: Site
}
