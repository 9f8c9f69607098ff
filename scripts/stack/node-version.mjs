const oldest = [20, 19];

/** Nothing else may be imported before this check: other files use what older versions of Node lack. */
export function isSupportedNode(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > oldest[0] || (major === oldest[0] && minor >= oldest[1]);
}

export function requireSupportedNode(version = process.versions.node) {
  if (isSupportedNode(version)) return;
  console.error(
    `Node.js ${oldest.join('.')} or newer is needed, but this is ${version}. Install a newer one and start again.`,
  );
  process.exit(1);
}
