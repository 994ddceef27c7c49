const HOST = String.raw`(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])`
const PORT = String.raw`(?::\d{1,5})?`
const USER = '[A-Za-z0-9_][A-Za-z0-9_.-]*'
const PATH = '[A-Za-z0-9._~+@%-]+(?:/[A-Za-z0-9._~+@%-]+)*/?'
// A closed list: git would run a command for ext::, and take a URL that begins with "-" for an option.
const FORMS = [
  `https://${HOST}${PORT}/${PATH}`,
  `ssh://(?:${USER}@)?${HOST}${PORT}/${PATH}`,
  `${USER}@${HOST}:/?(?!-)${PATH}`,
  `(?:file://)?/${PATH}`,
].map((form) => new RegExp(`^${form}$`))

/** Why a text is no repository that lb-agent fetches from. The text is never part of the answer: it may hold a password. */
export function whyNotRepositoryUrl(url: string): 'credentials' | 'form' | undefined {
  const authority = /^[a-z0-9+.-]+:\/\/([^/]*)@/i.exec(url)?.[1]
  if (authority !== undefined && (!url.startsWith('ssh://') || authority.includes(':'))) return 'credentials'
  return FORMS.some((form) => form.test(url)) ? undefined : 'form'
}
