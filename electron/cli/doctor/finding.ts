/** One line of `cloister doctor`. Holds no path and no name. */
export type Finding = {
  readonly subject:
    | 'data folder'
    | 'file permissions'
    | 'key file'
    | 'record file'
    | 'keychain'
    | 'policy'
    | 'free disk space'
    | 'core dumps';
  /** `not-checked`: this system does not tell, or there is nothing to look at. */
  readonly state: 'ok' | 'attention' | 'not-checked';
  /** What was found; with `attention`, also what to do. */
  readonly sentence: string;
};
