import { GlobFilter } from '../globs/GlobFilter.js'
import { compileGlobs } from '../globs/globRules.js'

/** Globs of files whose content is a secret, in lower case; compared with the whole path. */
export const secretFiles: readonly string[] = [
  '**/{.ssh,.gnupg,.password-store,.aws,.azure,.kube}/**',
  '**/.config/{gcloud,gh,op,rclone}/**',
  '**/.docker/config.json',
  '**/etc/ssl/private/**',
  '**/{run,var/run}/secrets/**',
  'id_{rsa,dsa,ecdsa,ed25519}*',
  'ssh_host_*_key*',
  '*.{pem,key,p8,p12,pfx,pkcs12,jks,keystore,truststore,kdbx,kdb,ppk,keytab,ovpn}{,~,.*}',
  '{shadow,gshadow,opasswd,master.passwd}{,-,~,.*}',
  'sudoers{,~,.*}',
  '{,.}htpasswd{,~,.*}',
  '.env*',
  '{.netrc,_netrc,.pgpass,.my.cnf,.mylogin.cnf,.npmrc,.pypirc,.yarnrc.yml,.git-credentials,.vault-token}{,~,.*}',
  '{credential,credentials,secret,secrets,passwords}{,~,.*}',
  '*.{tfstate,tfvars}{,.*}',
]

let secrets: GlobFilter | undefined

/** True when what lies at an absolute path is a secret by its name, in any case. */
export function isSecret(path: string): boolean {
  // Compiled when it is asked for: whoever imports fsflow would pay for it.
  secrets ??= new GlobFilter([], compileGlobs('captureContent', 'secretFiles', secretFiles))
  return !secrets.passes(path.slice(1).toLowerCase(), false)
}
