/** A microphone or speaker to choose from. */
export interface AudioDevice {
  readonly id: string;
  readonly label: string;
}

export interface AudioDevices {
  readonly inputs: readonly AudioDevice[];
  readonly outputs: readonly AudioDevice[];
  /** What the system plays on, as the browser names it; empty when it does not say. */
  readonly defaultOutput: string;
}

/** Watches what is plugged in; `onChange` is called at once and after every change. Dispose to stop. */
export function watchDevices(onChange: (devices: AudioDevices) => void): Disposable & { refresh(): void } {
  const media: MediaDevices | undefined = navigator.mediaDevices;
  const refresh = (): void => {
    void media?.enumerateDevices().then((devices) => onChange(sortDevices(devices)));
  };
  media?.addEventListener("devicechange", refresh);
  refresh();
  return {
    refresh,
    [Symbol.dispose]: () => media?.removeEventListener("devicechange", refresh),
  };
}

/** Splits by kind. "default" and "communications" are aliases of real devices, and the interface has its own default. */
export function sortDevices(
  devices: readonly Pick<MediaDeviceInfo, "kind" | "deviceId" | "label">[],
): AudioDevices {
  const ofKind = (kind: MediaDeviceKind, fallback: string): AudioDevice[] =>
    devices
      .filter(
        (device) => device.kind === kind && !["", "default", "communications"].includes(device.deviceId),
      )
      // Browsers hide the names until the microphone was allowed once.
      .map(({ deviceId, label }, index) => ({ id: deviceId, label: label || `${fallback} ${index + 1}` }));
  const isDefaultOutput = ({
    kind,
    deviceId,
  }: {
    readonly kind: MediaDeviceKind;
    readonly deviceId: string;
  }) => kind === "audiooutput" && deviceId === "default";
  return {
    inputs: ofKind("audioinput", "Microphone"),
    outputs: ofKind("audiooutput", "Speaker"),
    defaultOutput: devices.find(isDefaultOutput)?.label ?? "",
  };
}
