namespace Grains.StateMachines.Slots;

/// <summary>
/// CRC16-XMODEM (polynomial 0x1021, start 0, no reflection), the hash of the Redis Cluster specification, appendix A.
/// </summary>
public static class Crc16
{
    private static readonly ushort[] _table = BuildTable();

    public static ushort Compute(ReadOnlySpan<byte> bytes)
    {
        int crc = 0;
        foreach (byte b in bytes)
        {
            crc = ((crc << 8) ^ _table[((crc >> 8) ^ b) & 0xff]) & 0xffff;
        }

        return (ushort)crc;
    }

    private static ushort[] BuildTable()
    {
        var table = new ushort[256];
        for (int i = 0; i < table.Length; i++)
        {
            int crc = i << 8;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
            }

            table[i] = (ushort)crc;
        }

        return table;
    }
}
